"""Terms, and the rows of the diary: what is earned on payment, what is reversed by what was given back."""
