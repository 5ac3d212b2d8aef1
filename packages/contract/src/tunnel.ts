import * as z from 'zod';
import { jsonSchema } from './schemas/common.ts';

/**
 * Frames of the tunnel, one JSON object in a text frame each. Unknown members and unknown types are ignored, so
 * every reader starts from {@link readFrame}. A device's `timestamp` may be anything (nanoseconds, say).
 */

/** Where the tunnel is, below the origin of the cloud. */
export const tunnelPath = '/tunnel';

const shortText = z.string().max(256);
/** Text, or as good as absent: a frame is not lost over a time that nobody needs. */
const timestamp = z.string().optional().catch(undefined);

export const connectFrameSchema = z.object({
  type: z.literal('connect'),
  device_id: z.string().min(1).max(256),
  api_key: z.string().min(1).max(512),
  version: shortText.optional(),
  /** Random for each process: tells a restart from a clone. */
  instance: shortText.optional(),
  /** Random for each start of the machine. */
  boot_id: shortText.optional(),
});

export const connectedFrameSchema = z.object({
  type: z.literal('connected'),
  device_id: z.string(),
  timestamp,
});

export const errorFrameSchema = z.object({ type: z.literal('error'), error: z.string() });
export const pingFrameSchema = z.object({ type: z.literal('ping') });
export const pongFrameSchema = z.object({ type: z.literal('pong'), timestamp });

export const commandFrameSchema = z.object({
  type: z.literal('command'),
  id: z.string().min(1).max(128),
  action: z.string().min(1).max(64),
  payload: jsonSchema.optional(),
});

export const responseFrameSchema = z.object({
  type: z.literal('response'),
  id: z.string().min(1).max(128),
  status: z.enum(['success', 'error']),
  data: jsonSchema.optional(),
  error: z.string().optional(),
});

const frameSchema = z.discriminatedUnion('type', [
  connectFrameSchema,
  connectedFrameSchema,
  errorFrameSchema,
  pingFrameSchema,
  pongFrameSchema,
  commandFrameSchema,
  responseFrameSchema,
]);

export type ConnectFrame = z.infer<typeof connectFrameSchema>;
export type CommandFrame = z.infer<typeof commandFrameSchema>;
export type ResponseFrame = z.infer<typeof responseFrameSchema>;
export type Frame = z.infer<typeof frameSchema>;

export type FrameReading =
  | {
      readonly kind: 'frame';
      readonly frame: Frame;
      /** What the frame says of its sender, whatever its type. */
      readonly deviceId: string | undefined;
    }
  /** A type this version does not know: to be ignored. */
  | { readonly kind: 'unknown_type'; readonly type: string }
  /** A known type whose members are wrong. */
  | { readonly kind: 'malformed'; readonly type: string; readonly problem: string }
  /** Not JSON, or not an object with a `type`. */
  | { readonly kind: 'not_a_frame'; readonly problem: string };

const knownTypes: readonly string[] = frameSchema.options.map((option) => option.shape.type.value);

/** Reads the text of one frame. Never throws. */
export function readFrame(text: string): FrameReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'not_a_frame', problem: 'not JSON' };
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') {
    return { kind: 'not_a_frame', problem: 'not an object with a "type"' };
  }
  const deviceId = 'device_id' in value && typeof value.device_id === 'string' ? value.device_id : undefined;
  if (value.type === 'ping') return { kind: 'frame', frame: { type: 'ping' }, deviceId };
  if (!knownTypes.includes(value.type)) return { kind: 'unknown_type', type: value.type.slice(0, 64) };
  const parsed = frameSchema.safeParse(value);
  if (parsed.success) return { kind: 'frame', frame: parsed.data, deviceId };
  const issue = parsed.error.issues[0];
  const problem = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
  return { kind: 'malformed', type: value.type, problem };
}

/** Payload of the reserved command `rotate_key`. */
export const rotateKeyPayloadSchema = z.object({
  api_key: z.string().min(1).max(512),
  expires_at: z.string(),
});
