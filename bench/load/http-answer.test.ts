import { describe, expect, it } from 'vitest';
import { readAnswer } from './http-answer.ts';

const answer = Buffer.from('HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n€');

describe('reading an answer', () => {
  it('waits until every byte is there', () => {
    for (let length = 0; length < answer.length; length += 1) {
      expect(readAnswer(answer.subarray(0, length))).toBeUndefined();
    }
    expect(readAnswer(answer)).toEqual({ status: 201, body: '€' });
  });

  it('counts the body in bytes and reads names of headers in any case', () => {
    const lower = Buffer.from('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
    expect(readAnswer(lower)).toEqual({ status: 401, body: '' });
  });

  it('refuses what it cannot measure: an unknown length, or bytes after the end', () => {
    const chunked = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(() => readAnswer(chunked)).toThrow('Content-Length');
    expect(() => readAnswer(Buffer.concat([answer, answer]))).toThrow('after its end');
  });
});
