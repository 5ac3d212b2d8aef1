/** WebSocket close codes of the tunnel, and what the device does on each. Source: the wire contract, section 3. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  frameTooLarge: 1009,
  malformed: 4400,
  keyRejected: 4401,
  deviceRefused: 4403,
  deviceDeleted: 4404,
  connectLate: 4408,
  replaced: 4409,
  silent: 4410,
  slowDown: 4429,
} as const;

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** What a device does after a close: try again soon, wait as told, or keep the identity and say that it is refused. */
export type AfterClose = 'reconnect' | 'wait' | 'rejected';

/** Unknown codes, and 1006 (the connection broke), mean reconnect: only an explicit refusal is one. */
export function afterClose(code: number): AfterClose {
  switch (code) {
    case closeCodes.keyRejected:
    case closeCodes.deviceRefused:
    case closeCodes.deviceDeleted:
      return 'rejected';
    case closeCodes.slowDown:
      return 'wait';
    default:
      return 'reconnect';
  }
}
