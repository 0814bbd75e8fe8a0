/** Pixels of the timeline's parts, from top to bottom and left to right. */
export const rowHeight = 22;
export const durationWidth = 64;
/** Free pixels right of the axis, for the mark of a failed span that ends with the trace. */
export const axisEdge = 22;
/** Pixels that a pressed pointer must travel before a click becomes a brush. */
export const brushLeast = 4;
