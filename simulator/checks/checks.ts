import type { DatabaseSync } from 'node:sqlite';
import type { CloudNode } from '../cloud/cloud-node.ts';
import type { Board, BoardWatch } from '../device/board.ts';
import type { Credential } from '../device/transport.ts';
import type { Direction, Link, LinkWatch } from '../network/link.ts';
import type { World } from '../world/world.ts';
import { AnswerRules } from './answer-rules.ts';
import { BoardRules } from './board-rules.ts';
import { CloneRules } from './clone-rules.ts';
import { DiskReader } from './disk.ts';
import { OperatorRules } from './operator-rules.ts';
import { RegistryMirror } from './registry.ts';
import { RegistryRules } from './registry-rules.ts';
import { SecretSearch } from './secrets.ts';
import { TunnelRules } from './tunnel-rules.ts';

/** All checkers of a world, and where they look: at every commit, every write to a disk, every frame, every line. */
export class Checks implements LinkWatch, BoardWatch {
  readonly mirror = new RegistryMirror();
  readonly secrets = new SecretSearch();
  readonly boards: BoardRules;
  readonly tunnels: TunnelRules;
  readonly clones: CloneRules;
  readonly #answers: AnswerRules;
  readonly #operators: OperatorRules;
  readonly #world: World;
  readonly #registry: RegistryRules;

  constructor(world: World, cloud: () => CloudNode) {
    this.#world = world;
    const violate = (checker: string, what: string): void => {
      world.violate(checker, what);
    };
    this.#registry = new RegistryRules(this.mirror, violate);
    this.boards = new BoardRules(world, this.mirror, new DiskReader(), () => cloud().keyRing);
    this.tunnels = new TunnelRules(world, this.mirror, cloud);
    this.clones = new CloneRules(world);
    this.#answers = new AnswerRules(world, this.mirror);
    this.#operators = new OperatorRules(world, this.mirror);
  }

  // The cloud's database

  opened(raw: DatabaseSync): void {
    const difference = this.mirror.open(raw);
    if (difference !== undefined) this.#world.violate('what is committed stays', difference);
  }

  committed(raw: DatabaseSync): void {
    const changes = this.mirror.follow(raw);
    this.#registry.check(changes);
    for (const text of changes.events) this.clones.happened(text);
    for (const text of [...changes.events, ...changes.audit]) this.#noSecret(text, 'an event or audit row');
    this.boards.registryChanged(changes);
  }

  operatorAnswered(method: string, path: string, status: number, body: unknown): void {
    this.#operators.answered(method, path, status, body);
  }

  // The network

  cloudWrote(link: Link, bytes: Buffer): void {
    this.#answers.cloudWrote(bytes);
    this.tunnels.cloudWrote(link, bytes);
  }

  cloudClosed(link: Link): void {
    this.tunnels.cloudClosed(link);
  }

  delivered(link: Link, direction: Direction, bytes: number): void {
    this.#world.trace.note(`link ${link.number}`, `${direction} ${bytes}`);
  }

  // The boards

  diskChanged(board: Board): void {
    this.boards.diskChanged(board);
  }

  claims(board: Board, secret: string): void {
    this.secrets.add(secret);
    this.boards.claims(board, secret);
  }

  presents(board: Board, credential: Credential): void {
    if (!this.clones.isCloned(credential.deviceId)) this.boards.speaksFor(board, credential.deviceId);
    this.boards.presents(board, credential, 'presents');
  }

  connected(board: Board, credential: Credential): void {
    this.#world.trace.note(board.name, `hears connected as ${credential.deviceId}`);
    this.boards.connected(board, credential);
  }

  acceptsKey(board: Board, apiKey: string): void {
    this.boards.presents(board, { deviceId: '', apiKey }, 'says it has stored');
  }

  logged(board: Board, line: string): void {
    this.#noSecret(line, `a log line of ${board.name}`);
  }

  cloudLogged(line: string): void {
    this.#noSecret(line, 'a log line of the cloud');
  }

  #noSecret(text: string, where: string): void {
    const kind = this.secrets.find(text);
    if (kind !== undefined) this.#world.violate('no secret is told', `${kind} in ${where}`);
  }
}
