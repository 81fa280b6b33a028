"""Personal data: to take them along, and to have them erased. Looks at every app's rows, as screens do."""
