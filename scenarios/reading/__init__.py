"""Reading results: tables of cells, one run, questions in SQL, exports."""
