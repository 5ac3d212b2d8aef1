/**
 * What a person or a tool may put into a key file: 32 bytes or more, raw, hexadecimal or base64 (also its URL form).
 *
 * Text decides before bytes do: what is all hexadecimal is read as that, else what is all base64 as that, and is then
 * refused when it holds too little, instead of being taken for raw bytes of twice its worth.
 */
export const keyMaterialBytesMin = 32;
export const keyMaterialBytesMax = 4096;

export type KeyMaterial =
  | { readonly kind: 'usable'; readonly bytes: Uint8Array; readonly looksTyped: boolean }
  | { readonly kind: 'unusable'; readonly detail: string };

export function parseKeyMaterial(content: Uint8Array): KeyMaterial {
  const decoded = decode(content);
  if (decoded.bytes.length < keyMaterialBytesMin) {
    const found = String(decoded.bytes.length);
    return { kind: 'unusable', detail: `holds ${found} bytes of key (${decoded.form}), fewer than 32` };
  }
  if (isOneByteRepeated(decoded.bytes)) {
    return {
      kind: 'unusable',
      detail: 'holds one byte repeated, as a file that was never fully written does',
    };
  }
  return { kind: 'usable', bytes: decoded.bytes, looksTyped: decoded.form === 'text' };
}

interface Decoded {
  readonly form: 'hexadecimal' | 'base64' | 'text' | 'raw';
  readonly bytes: Uint8Array;
}

function decode(content: Uint8Array): Decoded {
  const text = Buffer.from(content).toString('latin1').trim();
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return { form: 'hexadecimal', bytes: Buffer.from(text, 'hex') };
  const oneLine = text.replaceAll(/\r?\n/g, '');
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(oneLine)) {
    return { form: 'base64', bytes: Buffer.from(oneLine, 'base64') };
  }
  // 32 random bytes are all printable once in 10^13 times; a passphrase always is.
  const isPrintable = /^[\t\n\r\x20-\x7e]*$/.test(text);
  return { form: isPrintable ? 'text' : 'raw', bytes: isPrintable ? Buffer.from(text, 'latin1') : content };
}

export function isOneByteRepeated(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === bytes[0]);
}
