"""Checks of derivatives and of fused nodes."""
