export interface OpfsWrite {
  folder: string;
  file: string;
  bytes: ArrayBuffer;
  /** Told null, or what went wrong. */
  answerTo: MessagePort;
}
