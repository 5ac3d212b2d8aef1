import type { Board } from '../device/board.ts';
import type { Operator } from '../world/operator.ts';
import type { World } from '../world/world.ts';

/** What happens to one board, or to a few that have to do with each other. */
export interface Story {
  readonly kind: string;
  readonly boards: readonly Board[];
  /** Runs beside everything else; ends when nothing more is going to happen to these boards. */
  play(): Promise<void>;
  /** Registrations that have to have been made in the end. */
  readonly onboardings: number;
}

/** What is known of identities that two boards have. */
interface CloneWatch {
  /** Said before the second board is switched on. */
  expect(deviceId: string): void;
  isSuspected(deviceId: string): boolean;
}

export interface Stage {
  readonly world: World;
  readonly operator: Operator;
  readonly clones: CloneWatch;
  /** A code that nobody has been given. */
  nextCode(): Promise<string>;
  newBoard(): Board;
}

const lookMs = 1_500;

/** Waits until `isSo`, looking now and then, as a person would. */
export async function until({ operator }: Stage, isSo: () => boolean): Promise<void> {
  while (!isSo()) await operator.sleep(lookMs);
}

export function lastErrorOf(board: Board): string | undefined {
  return board.control?.status().last_error?.code;
}

export function deviceIdOf(board: Board): string | undefined {
  return board.control?.status().device_id ?? undefined;
}

/** Refusals that say: with this code never. A person then gives the board another. */
const hopeless: ReadonlySet<string> = new Set([
  'code_already_used',
  'code_unknown',
  'code_revoked',
  'claim_void',
]);

/** Looks after a board until it is online, and gives it a new code as long as it has one that is refused. */
export async function seeOnline(stage: Stage, board: Board): Promise<void> {
  for (;;) {
    await until(stage, () => board.isOnline || hopeless.has(lastErrorOf(board) ?? ''));
    if (board.isOnline) return;
    const refused = lastErrorOf(board);
    await board.configure({ EDGEFLOW_PROVISIONING_CODE: await stage.nextCode() });
    await until(
      stage,
      () => board.isOnline || (board.control !== undefined && lastErrorOf(board) !== refused),
    );
  }
}

/** A board with a code of its own: `then` follows once it is online, and it has to be online at the end. */
export function afterOnboarding(
  stage: Stage,
  kind: string,
  then: (board: Board, id: string) => Promise<void>,
): Story {
  const board = stage.newBoard();
  return {
    kind,
    boards: [board],
    onboardings: kind === 'deleted' || kind === 're-provisioned' ? 2 : 1,
    play: async () => {
      await board.flash({ EDGEFLOW_PROVISIONING_CODE: await stage.nextCode() });
      board.powerOn();
      await until(stage, () => board.isOnline);
      const id = deviceIdOf(board);
      if (id !== undefined) await then(board, id);
      await until(stage, () => board.isOnline);
    },
  };
}
