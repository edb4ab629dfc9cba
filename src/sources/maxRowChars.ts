/** The longest row that is read. A file without line ends must not fill the memory. */
export const maxRowChars = 1_000_000;
