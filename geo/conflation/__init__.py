"""One row for each place: which places of different datasets are the same, and what each source says of them."""
