"""Compile a program to native code: `toolchain` builds C, `mathematics` holds functions in C."""
