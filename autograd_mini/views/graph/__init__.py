"""The picture of a tape: cards, boxes, edges; written as SVG or DOT."""
