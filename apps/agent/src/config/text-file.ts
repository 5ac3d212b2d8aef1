import { type Files, fileErrorCode } from '@edgeflow/platform';
import { bad, good, type Reading } from './problem.ts';

export type TextFileReading = Reading<string> & { readonly isMissing?: boolean; readonly isDenied?: boolean };

/**
 * A whole file of UTF-8 text, without its byte order mark. `problem` begins with the path.
 *
 * @param bytesMax larger files are refused.
 */
export async function readTextFile(files: Files, path: string, bytesMax: number): Promise<TextFileReading> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path, bytesMax);
  } catch (error) {
    return explain(fileErrorCode(error) ?? 'unknown error', path, bytesMax);
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return bad(`${path} is UTF-16 text`, 'Save it as UTF-8 (in an editor: "Save as", encoding UTF-8).');
  }
  if (bytes.includes(0))
    return bad(`${path} is not text: it holds zero bytes`, 'Check that it is the right file.');
  try {
    return good(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return bad(`${path} is not UTF-8 text`, 'Save it as UTF-8, or check that it is the right file.');
  }
}

function explain(errno: string, path: string, bytesMax: number): TextFileReading {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { ...bad(`there is no file ${path}`, 'Correct the path, or make the file.'), isMissing: true };
    case 'EACCES':
    case 'EPERM':
      return {
        ...bad(
          `${path} may not be read by the user that the agent runs as (${errno})`,
          `Give it to that user (chown), with mode 600, and let it enter the folders above.`,
        ),
        isDenied: true,
      };
    case 'EISDIR':
      return bad(`${path} is a folder, not a file`, 'Name the file inside it.');
    case 'EFBIG':
      return bad(`${path} is larger than ${String(bytesMax)} bytes`, 'Check that it is the right file.');
    case 'ELOOP':
      return bad(`${path} is a symbolic link that leads back to itself`, 'Correct the link.');
    default:
      return bad(`${path} cannot be read (${errno})`, 'Look for disk errors in the kernel log (dmesg).');
  }
}
