import { describe, expect, it } from 'vitest';
import { EventParser } from './event-parser';

const stream =
  ': hello\nretry: 2000\n\nevent: status\nid: 5\ndata: {"a":\ndata:1}\n\r\nevent: gone\r\ndata: x\r\n\r\ndata\n\nevent: none\n\n';

describe('EventParser', () => {
  it('reads events, with comments and unknown fields passed over', () => {
    expect(new EventParser().push(stream)).toEqual([
      { type: 'status', data: '{"a":\n1}' },
      { type: 'gone', data: 'x' },
      { type: 'message', data: '' },
    ]);
  });

  it('reads the same however the stream is cut up', () => {
    const whole = new EventParser().push(stream);
    for (let size = 1; size < 12; ++size) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < stream.length; at += size) events.push(...parser.push(stream.slice(at, at + size)));
      expect(events).toEqual(whole);
    }
  });

  it('gives up on an event without end', () => {
    const parser = new EventParser();
    const line = `data: ${'x'.repeat(100_000)}\n`;
    expect(() => {
      for (let i = 0; i < 20; ++i) parser.push(line);
    }).toThrow('too large');
  });
});
