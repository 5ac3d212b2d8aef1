import type { Link } from '../network/link.ts';
import type { Board } from './board.ts';
import type { Credential } from './transport.ts';

/** Who looks at what a board does. */
export interface BoardWatch {
  diskChanged(board: Board): void;
  claims(board: Board, secret: string): void;
  presents(board: Board, credential: Credential, link: Link): void;
  connected(board: Board, credential: Credential): void;
  acceptsKey(board: Board, apiKey: string): void;
  logged(board: Board, line: string): void;
}
