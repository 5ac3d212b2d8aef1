import { type CommandResponse, commandTimeoutMsDefault, type Json } from '@edgeflow/contract';
import { printableJson } from '@edgeflow/platform';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { fields } from '../output/table.ts';
import type { Session } from '../session.ts';
import { given, wholeNumber } from './arguments.ts';

interface CommandOptions {
  readonly payload?: string;
  readonly timeoutMs?: number;
}

/** `edgeflow command …` */
export function addCommandCommand(program: Command, session: Session): void {
  program
    .command('command <id> <action>')
    .description('send a device a command and wait for its answer')
    .option('--payload <json>', 'what the action needs, as JSON or @file')
    .option('--timeout-ms <n>', 'how long to wait for the device', wholeNumber)
    .action((id: string, action: string, options: CommandOptions) =>
      sendCommand(session, id, action, options),
    );
}

async function sendCommand(
  session: Session,
  id: string,
  action: string,
  { payload, timeoutMs }: CommandOptions,
): Promise<void> {
  // What JSON.parse made is JSON.
  const document =
    payload === undefined ? {} : { payload: (await session.readJson('--payload', payload)) as Json };
  const client = await session.connect();
  const { body } = await client.callSlowly('sendCommand', timeoutMs ?? commandTimeoutMsDefault, {
    params: { id },
    body: { action, ...document, ...given({ timeout_ms: timeoutMs }) },
  });
  session.output.show(body, () => responseView(body));
  if (body.status === 'error') session.exitCode = exitCodes.device;
}

function responseView(response: CommandResponse): string {
  const facts = fields([
    ['Command', `${response.action} (${response.id})`],
    ['Device', response.device_id],
    ['Status', response.status],
    ['Error', response.error],
    ['Took', `${Math.round(response.duration_ms)} ms`],
  ]);
  return response.data === undefined ? facts : `${facts}${printableJson(response.data, 2)}\n`;
}
