import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../apps/cloud/src/features/alerts/testing/receiver.ts';
import { eventually, eventuallyTrue } from '../apps/cloud/src/testing/eventually.ts';
import { type Identity, TestDevice } from '../apps/cloud/src/testing/test-device.ts';
import type { CloudProcess } from './support/cloud-process.ts';
import { Story } from './support/story.ts';

const fleet = 20;
/** Two looks at the rules, on a machine that does other things. */
const lookMs = 45_000;

describe('an outage of twenty devices at a real cloud', () => {
  const story = new Story();
  const mails: string[] = [];
  let cloud: CloudProcess;
  let receiver: Receiver;
  let mailServer: SMTPServer;

  beforeAll(async () => {
    mailServer = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: (stream, _session, done) => {
        void text(stream).then((mail) => {
          mails.push(mail);
          done();
        });
      },
    });
    mailServer.listen(0, '127.0.0.1');
    await once(mailServer.server, 'listening');
    const { port } = mailServer.server.address() as AddressInfo;
    receiver = await startReceiver();
    cloud = await story.cloud({
      WEBHOOK_NETWORKS: '127.0.0.0/8',
      SMTP_URL: `smtp://127.0.0.1:${String(port)}`,
      MAIL_FROM: 'EdgeFlow <edgeflow@example.org>',
    });
  });

  afterAll(async () => {
    await story.end();
    await receiver.close();
    await new Promise<void>((resolve) => {
      mailServer.close(() => {
        resolve();
      });
    });
  });

  /** What happened so far happened so much earlier, so that nobody has to wait for it. */
  function age(ms: number): void {
    const database = new DatabaseSync(join(story.folder, 'cloud', 'edgeflow.db'), { timeout: 10_000 });
    database.exec(`update devices set presence_since_ms = presence_since_ms - ${String(ms)};
      update alert_rules set offline_edge_ms = offline_edge_ms - ${String(ms)};
      update alert_incidents set created_at_ms = created_at_ms - ${String(ms)},
        from_ms = from_ms - ${String(ms)}, to_ms = to_ms - ${String(ms)}`);
    database.close();
  }

  async function call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await cloud.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
    return answer.json as Answer;
  }

  async function countOffline(): Promise<number> {
    return (await call<{ total: number }>('GET', '/api/v1/devices?status=offline')).total;
  }

  it('is told of once, by webhook and by e-mail, and so is its end', async () => {
    const webhook = { kind: 'webhook', name: 'on call', target: receiver.url };
    const made = await call<{ secret: string }>('POST', '/api/v1/alert-endpoints', webhook);
    story.secrets.add(made.secret);
    await call('POST', '/api/v1/alert-endpoints', {
      kind: 'email',
      name: 'night',
      target: 'night@example.org',
    });
    await call('POST', '/api/v1/alert-rules', { offline_minutes: 5 });
    const identities = await Promise.all(
      Array.from({ length: fleet }, (_, index) =>
        call<Identity>('POST', '/api/v1/devices', { name: `pump ${String(index)}` }),
      ),
    );
    const devices = await Promise.all(identities.map((one) => TestDevice.connect(cloud.plainUrl, one)));
    await Promise.all(devices.map((device) => device.leave()));
    await eventuallyTrue('all offline', async () => (await countOffline()) === fleet);
    age(5 * 60_000);
    const incidents = '/api/v1/alert-incidents?state=open';
    const isFound = async () => (await call<{ total: number }>('GET', incidents)).total === 1;
    await eventuallyTrue('the incident', isFound, lookMs);
    // It gathers its devices for a while before it is told of.
    age(20_000);
    const opened = await eventually('the webhook', () => receiver.got[0], lookMs);
    expect(receiver.verify(opened, made.secret)).toMatchObject({
      type: 'alert.opened',
      data: { summary: '20 devices: offline.', incident: { devices_now: fleet } },
    });
    const mail = await eventually('the mail', () => mails[0]);
    expect(mail).toContain('To: night@example.org');
    expect(mail).toContain('Subject: [EdgeFlow] 20 devices: offline.');

    const back = await Promise.all(identities.map((one) => TestDevice.connect(cloud.plainUrl, one)));
    const resolved = await eventually('that it is over', () => receiver.got[1], lookMs);
    expect(receiver.verify(resolved, made.secret)).toMatchObject({
      type: 'alert.resolved',
      data: { summary: 'All of 20 devices are back, or gone for good.' },
    });
    await eventuallyTrue('the second mail', () => mails.length === 2);
    await Promise.all(back.map((device) => device.leave()));
    expect(receiver.got).toHaveLength(2);
    const logs = story.logs();
    for (const secret of story.secrets) expect(logs).not.toContain(secret);
  });
});
