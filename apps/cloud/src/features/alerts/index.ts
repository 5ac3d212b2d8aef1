import type { OrderedIds } from '@edgeflow/contract';
import type { Random, Timers } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import { type NetworkSet, noNetworks } from '../../http/addresses.ts';
import type { KeyRing } from '../../keyring/index.ts';
import type { Logger } from '../../logging.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { publicPoster } from '../../outbound/index.ts';
import type { Database } from '../../storage/database.ts';
import type { Events } from '../events/index.ts';
import { Alerts } from './alerts.ts';
import { AlertEndpoints } from './endpoints.ts';
import { alertRoutes } from './routes.ts';
import { AlertRules } from './rules.ts';

export type { Alerts } from './alerts.ts';

export interface AlertDeps {
  readonly version: string;
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: Events;
  readonly nextId: OrderedIds;
  readonly publicUrl: () => string;
  /** Beside the public internet, webhooks may be here. */
  readonly webhookNetworks?: NetworkSet;
  readonly mailer: Mailer | undefined;
  readonly onFailure: (error: unknown) => void;
}

/** The rules' work, with the calls that change and show it added to the app. Nothing runs before its `start()`. */
export function buildAlerts(app: FastifyInstance, deps: AlertDeps): Alerts {
  const { database, logger, mailer, timers, webhookNetworks: networks = noNetworks } = deps;
  const poster = publicPoster({
    ...{ timers, allowed: networks },
    onRefused: (host, addresses) => {
      logger.warn({ host, addresses }, 'a webhook leads to where it may not; see WEBHOOK_NETWORKS');
    },
  });
  const alerts = new Alerts({ ...deps, mailer, poster });
  const written = (): void => {
    alerts.poke();
  };
  const canSendEmail = mailer !== undefined;
  const endpoints = new AlertEndpoints({ ...deps, networks, canSendEmail, written });
  alertRoutes(app, { database, rules: new AlertRules(deps), endpoints, written });
  return alerts;
}
