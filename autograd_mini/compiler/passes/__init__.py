"""Passes: rewrites of a program that keep its results."""
