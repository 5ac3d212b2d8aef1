import type * as z from 'zod';
import { type BoardIdentity, compareBoards, type FormerMachineId } from './device-facts.ts';
import type { Notice } from './notice.ts';
import { contentKey, machineFingerprint, unsealBytes } from './vault-crypto.ts';
import { decodeEnvelope, type Envelope } from './vault-envelope.ts';
import { type VaultKey, type VaultKeys, whereKeyWas } from './vault-key.ts';
import { type DocumentName, nextStepWithoutBackup, type VaultUnreadable } from './vault-reading.ts';

/** A kind of sealed document: its name on disk, its shape, and the board it says it belongs to. */
export interface VaultDocument<T> {
  readonly name: DocumentName;
  readonly schema: z.ZodType<T>;
  boardOf(value: T): BoardIdentity | undefined;
}

export interface OpeningContext {
  readonly path: string;
  readonly stateFolder: string;
  readonly keys: VaultKeys;
  /** The id that documents are tied to now; undefined where there is none that stays. */
  readonly machineId: string | undefined;
  readonly board: BoardIdentity | undefined;
  /** Ids to try when the document is tied to another machine id. */
  formerMachineIds(): Promise<readonly FormerMachineId[]>;
  /** An operator said that this is the same device: a board that differs is no objection. */
  readonly isRebinding: boolean;
}

export interface Opened<T> {
  readonly kind: 'opened';
  readonly value: T;
  readonly notices: readonly Notice[];
  /** Sealed under a key or a machine id that is not the present one. */
  readonly isStale: boolean;
}

/**
 * Opens a vault file's bytes, or says which of the ways of not opening this is.
 *
 * A file tied to a machine id that is not the present one opens by itself only where something on this very disk or
 * board shows that the device is the same: the former id, still remembered by D-Bus or the journal (a copied state
 * folder does not bring those along), or a key that someone supplied. Even then not where the document names another
 * board: that is an image copied to another device, and needs a person's word.
 */
export async function openDocument<T>(
  document: VaultDocument<T>,
  bytes: Uint8Array,
  context: OpeningContext,
): Promise<Opened<T> | VaultUnreadable> {
  const refuse = refusals(document.name, context);
  const reading = decodeEnvelope(bytes);
  if (reading.kind === 'damaged') return refuse.damaged(reading.reason, reading.detail);
  const { header } = reading.envelope;
  if (header.document !== document.name) return refuse.misplaced(header.document);

  const key = [context.keys.current, ...context.keys.others].find((known) => known.keyId === header.key_id);
  if (key === undefined) return refuse.otherKey(header.key_source);
  const machine = await matchMachine(reading.envelope, key, context);
  if (machine === undefined) return refuse.machineChanged();

  const plaintext = unseal(reading.envelope, key, machine.id);
  if (plaintext === undefined)
    return refuse.damaged('altered', 'Its seal is broken: it was changed on purpose.');
  const value = parseValue(document, plaintext);
  if (value === undefined) {
    return refuse.damaged(
      'newer_version',
      'It opens, but its content is of a form this agent does not know.',
    );
  }
  const boards = compareBoards(document.boardOf(value), context.board);
  if (machine.how === 'former' && boards === 'different' && !context.isRebinding) return refuse.otherBoard();

  const notices: Notice[] = [];
  if (key !== context.keys.current) notices.push(keyChanged(context, key));
  if (machine.how === 'former') notices.push(machineIdChanged(context, machine.where));
  if (boards === 'different') notices.push(boardChanged(context));
  return {
    kind: 'opened',
    value,
    notices,
    isStale: key !== context.keys.current || machine.how !== 'present',
  };
}

interface MachineMatch {
  /** `present`: as things are now. `former`: tied to an id that is not the present one. `untied`: to none. */
  readonly how: 'present' | 'former' | 'untied';
  readonly id: string | undefined;
  readonly where: string;
}

async function matchMachine(
  envelope: Envelope,
  key: VaultKey,
  context: OpeningContext,
): Promise<MachineMatch | undefined> {
  const { machine_binding: binding, key_source: source } = envelope.header;
  const present = context.machineId;
  if (binding === null)
    return { how: present === undefined ? 'present' : 'untied', id: undefined, where: '' };
  const fits = (id: string): boolean => machineFingerprint(key.rootKey, id) === binding;
  if (present !== undefined && fits(present)) return { how: 'present', id: present, where: '' };
  const former = (await context.formerMachineIds()).find(({ value }) => fits(value));
  if (former !== undefined) return { how: 'former', id: former.value, where: former.where };
  // A supplied key does without the machine id, so not knowing the former one loses nothing.
  return source === 'generated' ? undefined : { how: 'former', id: undefined, where: 'not found' };
}

function unseal(envelope: Envelope, key: VaultKey, machineId: string | undefined): Uint8Array | undefined {
  const { header, salt, sealed, associated } = envelope;
  const mixed = mixedMachineId(header.key_source, machineId);
  return unsealBytes(contentKey(key.rootKey, salt, header.document, mixed), sealed, associated);
}

/**
 * The machine id as far as it goes into the key itself. Only the generated key needs it, since it lies beside what it
 * seals; for a supplied key the binding stands in the associated data alone.
 */
export function mixedMachineId(source: VaultKey['source'], machineId: string | undefined) {
  return source === 'generated' ? machineId : undefined;
}

function parseValue<T>(document: VaultDocument<T>, plaintext: Uint8Array): T | undefined {
  try {
    return document.schema.safeParse(JSON.parse(Buffer.from(plaintext).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

function keyChanged(context: OpeningContext, key: VaultKey): Notice {
  return {
    code: 'key_changed',
    detail: `${context.path} was sealed with the ${key.source} key and is sealed anew with the ${context.keys.current.source} one.`,
    nextStep: 'Nothing to do. Backups made until now still need the old key.',
  };
}

function machineIdChanged(context: OpeningContext, where: string): Notice {
  return {
    code: 'machine_id_changed',
    detail: `The machine id changed since ${context.path} was sealed (former id: ${where}).`,
    nextStep:
      'Nothing to do if the system was reinstalled or updated. If this disk is a copy of another device, ' +
      'give this device its own provisioning code: two devices must not share one identity.',
  };
}

function boardChanged(context: OpeningContext): Notice {
  return {
    code: 'board_changed',
    detail: `${context.path} was written on another board than this one.`,
    nextStep:
      'Nothing to do if the card moved to a replacement board. If the other board runs too, ' +
      'give this device its own provisioning code: two devices must not share one identity.',
  };
}

function refusals(document: DocumentName, context: OpeningContext) {
  const { path } = context;
  const refuse = (reason: VaultUnreadable['reason'], detail: string, nextStep: string): VaultUnreadable => ({
    kind: 'unreadable',
    reason,
    detail: `${path} cannot be opened. ${detail}`,
    nextStep,
  });
  const withoutBackup = nextStepWithoutBackup(document, path);
  const rebind =
    'If this is the same device, run `edgeflow-agent vault rebind` (with --previous-machine-id if you know it). ' +
    'If the folder was copied from another device, give this one its own provisioning code; the file is kept.';
  return {
    damaged: (reason: 'truncated' | 'altered' | 'not_a_vault' | 'newer_version', detail: string) =>
      refuse(
        reason,
        detail,
        reason === 'newer_version' ? 'Run the agent version that wrote it, or a later one.' : withoutBackup,
      ),
    misplaced: (found: string) =>
      refuse('altered', `It is the ${found} document under this one's name.`, withoutBackup),
    otherKey: (source: VaultKey['source']) =>
      refuse(
        'other_key',
        `It was sealed with another ${source} key than is here: it was copied from another device, or the key changed.`,
        `${whereKeyWas(source, context.stateFolder)} Otherwise give the device a new provisioning code; the file is kept.`,
      ),
    machineChanged: () =>
      refuse('machine_changed', 'It was sealed under another machine id than this machine has.', rebind),
    otherBoard: () =>
      refuse('machine_changed', 'It was sealed under another machine id, on another board.', rebind),
  };
}
