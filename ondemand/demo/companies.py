"""The customers of the demo, in the order in which they signed up. Names are invented; VAT numbers only add up."""

from __future__ import annotations

from ondemand.demo.cast import FAILS_LATER, GERMAN, MASTERCARD, SPANISH, Company

OBPS, SUITE, BIG, SHOP, CHAIN = "obps/starter", "obps/business", "obps/enterprise", "retail/shop", "retail/chain"

EU = (
    Company("iberia", SUITE, "Aceites del Guadalquivir", "Rocío Navarro", "rocio@aceites-guadalquivir.example",
            "aceites", "ES", 349, 9, 5, 34, vat="ESB62527601", card=SPANISH, story="credited", known=True),
    Company("iberia", OBPS, "Talleres Etxeberria", "Iker Etxeberria", "iker@etxeberria.example",
            "etxeberria", "ES", 331, 3, 3, 6, vat="ESB84268465", card=SPANISH),
    Company("nordic", SHOP, "Fjordens Friluftsliv", "Ingrid Solberg", "ingrid@fjordens.example",
            "fjordens", "NO", 318, 4, 4, 9, terminals=3),
    Company("iberia", CHAIN, "Supermercados La Huerta", "Vicente Pastor", "vicente@lahuerta.example",
            "lahuerta", "ES", 303, 8, 5, 41, terminals=9, vat="ESB90786666", card=SPANISH),
    Company("nordic", SUITE, "Kullager & Söner", "Erik Sandberg", "erik@kullager.example",
            "kullager", "SE", 288, 10, 3, 38, vat="SE214278375801"),
    Company("iberia", OBPS, "Cerâmicas do Minho", "Tiago Carvalho", "tiago@ceramicas-minho.example",
            "ceramicasminho", "PT", 268, 4, 6, 8, vat="PT533377617", story="cancelled"),
    Company("iberia", BIG, "Logística Cantábrica", "Nerea Arrieta", "nerea@logistica-cantabrica.example",
            "cantabrica", "ES", 249, 27, 3, 160, vat="ESB33401878", card=SPANISH),
    Company("nordic", CHAIN, "Møbelhuset Aarhus", "Mette Kjær", "mette@mobelhuset.example",
            "mobelhuset", "DK", 233, 7, 4, 36, terminals=6, vat="DK48120318", story="second"),
    Company("iberia", SHOP, "Librería Central", "Carmen Ortuño", "carmen@libreria-central.example",
            "libreria", "ES", 214, 3, 2, 7, terminals=2, vat="ESB82965724", card=SPANISH, story="refunded"),
    Company("nordic", OBPS, "Saimaa Puutuote", "Aino Laine", "aino@saimaa-puutuote.example",
            "saimaa", "FI", 192, 4, 7, 8, vat="FI86476412", story="boot"),
    Company("iberia", SUITE, "Atelier Rochebrune", "Camille Rochebrune", "camille@rochebrune.example",
            "rochebrune", "FR", 165, 9, 6, 44, vat="FR68973714181", story="disputed"),
    Company("iberia", SHOP, "Panadería San Roque", "Álvaro Quintana", "alvaro@sanroque.example",
            "sanroque", "ES", 134, 3, 5, 6, terminals=3, vat="ESB25167800", card=SPANISH, story="past_due"),
    Company("nordic", SUITE, "Hansekontor Lübeck", "Jonas Brandt", "jonas@hansekontor.example",
            "hansekontor", "DE", 108, 11, 5, 47, vat="DE160298374", card=GERMAN),
    Company("iberia", OBPS, "Quinta das Oliveiras", "Beatriz Fonseca", "beatriz@quinta-oliveiras.example",
            "oliveiras", "PT", 79, 3, 8, 5, vat="PT545298415"),
    Company("iberia", SUITE, "Officine Bellavista", "Paolo Bellavista", "paolo@bellavista.example",
            "bellavista", "IT", 46, 10, 6, 29, vat="IT98422720866", card=MASTERCARD),
    Company("nordic", SHOP, "Stadscykel Utrecht", "Daan Visser", "daan@stadscykel.example",
            "stadscykel", "NL", 17, 4, 4, 6, terminals=2, vat="NL688822344B01", card=MASTERCARD),
    Company("iberia", CHAIN, "Farmacias Levante", "Amparo Giner", "amparo@farmacias-levante.example",
            "levante", "ES", 0, 6, 4, 12, terminals=5, card=SPANISH),
)  # fmt: skip
US = (
    Company("lonestar", SUITE, "Blue Mesa Outfitters", "Caleb Thornton", "caleb@bluemesa.example",
            "bluemesa", "US", 346, 10, 4, 37, story="credited", known=True),
    Company("iberia", OBPS, "Puerto Vista Imports", "Daniela Reyes", "daniela@puertovista.example",
            "puertovista", "US", 322, 3, 5, 7),
    Company("lonestar", CHAIN, "Hill Country Hardware", "Wanda Kessler", "wanda@hillcountry.example",
            "hillcountry", "US", 297, 8, 4, 33, terminals=8, story="second"),
    Company("lonestar", OBPS, "Magnolia Print Works", "June Abernathy", "june@magnoliaprint.example",
            "magnolia", "US", 261, 4, 6, 8, story="cancelled"),
    Company("iberia", SUITE, "Cascade Cold Storage", "Victor Almeida", "victor@cascadecold.example",
            "cascadecold", "US", 226, 12, 3, 46, card=MASTERCARD, story="disputed"),
    Company("lonestar", SHOP, "Bayou Bean Coffee", "Renée Boudreaux", "renee@bayoubean.example",
            "bayoubean", "US", 187, 4, 6, 6, terminals=4, story="refunded"),
    Company("iberia", SHOP, "Sol y Sombra Books", "Inés Cordero", "ines@solysombra.example",
            "solysombra", "US", 134, 3, 5, 5, terminals=2, story="past_due"),
    Company("lonestar", SUITE, "Prairie Wind Energy", "Hank Lindholm", "hank@prairiewind.example",
            "prairiewind", "US", 93, 13, 6, 52, story="boot"),
    Company("lonestar", OBPS, "Red Oak Dental Supply", "Priya Raman", "priya@redoakdental.example",
            "redoak", "US", 38, 4, 7, 6, card=MASTERCARD),
    Company("iberia", CHAIN, "Mercado Del Norte", "Raúl Montoya", "raul@mercadodelnorte.example",
            "mercadonorte", "US", 1, 7, 5, 16, terminals=6),
)  # fmt: skip
COMPANIES = {"EU": EU, "US": US}
# Whose card was declined at the sign-up, and who did not come back.
ABANDONED = {
    "EU": (
        Company("iberia", OBPS, "Bodegas Torrealba", "Gonzalo Torrealba", "gonzalo@torrealba.example",
                "torrealba", "ES", 152, 3),
        Company("nordic", SHOP, "Visby Keramik", "Elsa Nyman", "elsa@visbykeramik.example",
                "visbykeramik", "SE", 9, 3),
    ),
    "US": (
        Company("lonestar", OBPS, "Gulf Breeze Charters", "Owen Pruitt", "owen@gulfbreeze.example",
                "gulfbreeze", "US", 64, 3),
    ),
}  # fmt: skip
LATER_CARD = FAILS_LATER  # the past-due customer's new card: it attaches, and fails when it is charged
