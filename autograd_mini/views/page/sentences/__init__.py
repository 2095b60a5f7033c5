"""Sentences in plain English: what each operation computes, and what its rule does."""
