/** What the client and the upstream of the paced benchmark agree upon. */

/** Time between two events of one stream, in milliseconds. */
export const PERIOD = 500
/** The text of each event. */
export const PACED_TEXT = ' a few words of text'
