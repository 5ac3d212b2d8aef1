import type { Command } from 'commander';
import { fields } from '../output/table.ts';
import type { Session } from '../session.ts';
import { wholeNumber } from './arguments.ts';
import { showKey } from './devices.ts';

/** `edgeflow devices rotate-key` and `extend-key` */
export function addKeyCommands(devices: Command, session: Session): void {
  devices
    .command('rotate-key <id>')
    .description('offer the device a new key over its tunnel; the old one works until the new one does')
    .option(
      '--mode <mode>',
      'tunnel; or replace: the old key dies now, the new one is shown this once',
      'tunnel',
    )
    .action(async (id: string, { mode }: { mode: 'tunnel' | 'replace' }) => {
      const client = await session.connect();
      const answer = await client.call('rotateKey', { params: { id }, body: { mode } });
      if (answer.status === 200) {
        showKey(session, answer.body);
        return;
      }
      const offer = answer.body;
      session.output.show(offer, () =>
        fields([
          ['Device', offer.device_id],
          ['Offered', offer.delivered ? 'now' : 'when it next connects'],
          ['Key', offer.key_id],
          ['Expires', offer.expires_at],
        ]),
      );
    });

  devices
    .command('extend-key')
    .description('move the expiry of the key by so many days')
    .argument('<id>')
    .argument('<days>', 'whole days, from 1', wholeNumber)
    .action(async (id: string, days: number) => {
      const client = await session.connect();
      const { body } = await client.call('extendKey', { params: { id }, body: { days } });
      session.output.show(body, () =>
        fields([
          ['Device', body.device_id],
          ['Key expires', body.expires_at],
        ]),
      );
    });
}
