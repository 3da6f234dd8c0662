/** The format of Server-Sent Events, piece by piece as it arrives. */
export interface ServerEvent {
  type: string;
  data: string;
}

/** A server that never ends its line or its event shall not fill the memory. */
const maxEventCharacters = 1 << 20;

export class EventParser {
  private rest = '';
  private type = '';
  private data: string[] = [];
  private size = 0;

  /** The events that this piece completes. Throws a RangeError for one that is too large. */
  push(text: string): ServerEvent[] {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?=.)/s);
    // What ends in \r may go on with \n in the next piece.
    this.rest = lines.pop() ?? '';
    const events: ServerEvent[] = [];
    for (const line of lines) {
      const event = line === '' ? this.takeEvent() : this.takeField(line);
      if (event) events.push(event);
    }
    if (this.rest.length + this.size > maxEventCharacters) throw new RangeError('a server event is too large');
    return events;
  }

  private takeEvent(): ServerEvent | null {
    const event = this.data.length > 0 ? { type: this.type || 'message', data: this.data.join('\n') } : null;
    this.type = '';
    this.data = [];
    this.size = 0;
    return event;
  }

  private takeField(line: string): null {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.type = value;
    if (name === 'data') {
      this.data.push(value);
      this.size += value.length;
    }
    return null;
  }
}
