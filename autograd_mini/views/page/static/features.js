// @ts-check
// The features that only some pages have. Python puts in those that a page needs (bundle.py).

/**
 * What a feature does when the page opens, and after each step is drawn.
 * @typedef {{start?: () => void, update?: () => void}} Feature
 */

/** @type {Feature[]} */
export const features = [];
