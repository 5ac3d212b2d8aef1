import {
  type Diagnosis,
  type ErrorCode,
  isErrorCode,
  isMasked,
  maskSecret,
  parseProvisioningCode,
  parseProvisioningLink,
  type Problem as HttpProblem,
  problemFor,
  type ProvisionResponse,
  type SaasConfig,
  type SaasConfigUpdate,
  type SaasStatus,
  makeId,
} from '@edgeflow/contract';
import { prepareStateFolder } from './identity/index.ts';
import { fileErrorCode } from '@edgeflow/platform';
import type { AgentControl, ControlOutcome } from './agent-control.ts';
import type { ConnectionKeeper, KeeperDeps } from './connection-keeper.ts';
import { type CloudAddress, readCloudAddress } from './net/index.ts';
import { problemOf } from './provisioning/answer.ts';
import type { Problem, ProvisionReply } from './provisioning/model.ts';

/** The agent as its local API sees it. */
export class Control implements AgentControl {
  readonly #deps: KeeperDeps;
  readonly #keeper: ConnectionKeeper;

  constructor(deps: KeeperDeps, keeper: ConnectionKeeper) {
    this.#deps = deps;
    this.#keeper = keeper;
  }

  get isProvisioned(): boolean {
    return !this.#keeper.isWithoutIdentity;
  }

  status(): SaasStatus {
    const { view, cloud, stored } = this.#keeper;
    return this.#deps.status.document({
      view,
      cloudUrl: cloud?.url ?? null,
      storedDeviceId: stored.deviceId,
    });
  }

  config(): SaasConfig {
    const { effective, cloud, stored, view, identity } = this.#keeper;
    return {
      enabled: effective.isEnabled,
      server_url: cloud?.url ?? '',
      device_id: stored.deviceId ?? '',
      api_key: stored.apiKey === undefined ? '' : maskSecret(stored.apiKey),
      enable_tls: cloud?.isTls ?? true,
      is_provisioned: identity !== undefined,
      is_connected: view?.status === 'online',
    };
  }

  async provision(code: string, force: boolean): Promise<ControlOutcome<ProvisionResponse>> {
    const { connection } = this.#keeper;
    if (connection === undefined) return this.#withoutConnection();
    const read = this.#readCode(code);
    if (!read.ok) return read;
    const reply = await connection.ask(read.value, force);
    if (reply.kind !== 'redeemed') return this.#declined(reply);
    const { deviceId, apiKey, expiresAt } = reply.grant;
    return { ok: true, value: { device_id: deviceId, api_key: apiKey, expires_at: expiresAt ?? '' } };
  }

  /** A code as it was typed, or the link that holds it. What can be no code is not worth an attempt at the cloud. */
  #readCode(text: string): ControlOutcome<string> {
    if (/^\s*https?:/i.test(text)) return this.#readLink(text);
    if (parseProvisioningCode(text) !== undefined) return { ok: true, value: text };
    return this.#refuse(
      'code_unknown',
      'This text can be no provisioning code: one looks like PROV-A1B2-C3D4.',
    );
  }

  #readLink(text: string): ControlOutcome<string> {
    const reading = parseProvisioningLink(text);
    if (!reading.ok) return this.#refuse('request_malformed', `${reading.problem}. ${reading.nextStep}`);
    const { cloudUrl, code, pins } = reading.link;
    const { cloud, config } = this.#keeper;
    const named = readCloudAddress(cloudUrl);
    const isForThisCloud = named.ok && named.address.url === cloud?.url;
    // Whom to trust is a setting: a code is not given to a cloud that its link would not have trusted.
    if (isForThisCloud && pins.every((pin) => config.trust.pins.includes(pin))) {
      return { ok: true, value: code };
    }
    const present = isForThisCloud ? 'that cloud without all of its pins' : (cloud?.url ?? 'no cloud');
    const advice = `set EDGEFLOW_PROVISIONING_LINK to it, which also says whom to trust.`;
    return this.#refuse(
      'request_malformed',
      `The link is for ${cloudUrl}, this device is set to ${present}: ${advice}`,
    );
  }

  async configure(update: SaasConfigUpdate): Promise<ControlOutcome<SaasConfig>> {
    const address = this.#wantedAddress(update);
    if (!address.ok) return address;
    const credentials = this.#wantedCredentials(update);
    if (!credentials.ok) return credentials;
    // All of it or nothing: what cannot be done is found out before anything is changed.
    if (credentials.value !== undefined) {
      const obstacle = this.#cannotTake(update.enabled, address.value);
      if (obstacle !== undefined) return obstacle;
    }
    const isEnabled = update.enabled === this.#keeper.effective.isEnabled ? undefined : update.enabled;
    const changed = await this.#changeSettings(isEnabled, address.value);
    if (!changed.ok) return changed;
    if (credentials.value !== undefined) {
      const { connection } = this.#keeper;
      if (connection === undefined) return this.#withoutConnection();
      const reply = await connection.give(credentials.value.deviceId, credentials.value.apiKey);
      if (reply.kind !== 'stored') return this.#declined(reply);
    }
    return { ok: true, value: this.config() };
  }

  /** Credentials are stored through a connection: for the cloud that issued them. */
  #cannotTake(
    isEnabled = this.#keeper.effective.isEnabled,
    wanted: CloudAddress | undefined,
  ): { readonly ok: false; readonly problem: HttpProblem } | undefined {
    if (!isEnabled) {
      const detail =
        'Credentials are not taken while the connection is switched off, and nothing was changed.';
      return this.#refuse('saas_disabled', detail);
    }
    if (!this.#keeper.canConnectTo(wanted)) return this.#withoutConnection();
    return undefined;
  }

  connect(): Promise<ControlOutcome<SaasStatus>> {
    return this.#wantTunnel(true);
  }

  disconnect(): Promise<ControlOutcome<SaasStatus>> {
    return this.#wantTunnel(false);
  }

  async diagnose(): Promise<Diagnosis> {
    // Loaded when it is asked for, which on most devices is never.
    const { diagnose, inputsFrom } = await import('./diagnosis/index.ts');
    const { config, cloud, identity, notices, warnings } = this.#keeper;
    const { files, makeTransport, time, known } = this.#deps;
    const inputs = inputsFrom({
      config,
      warnings,
      cloud,
      hasIdentity: identity !== undefined,
      notices,
      status: this.status(),
      makeTransport: (address) => makeTransport(address, config, known),
      stateFolder: () => prepareStateFolder(files, config.stateFolder),
      clock: time.clock,
      floorMs: known.floorMs,
      floorNotice: known.notice,
    });
    return diagnose(inputs);
  }

  async #wantTunnel(isWanted: boolean): Promise<ControlOutcome<SaasStatus>> {
    const { connection } = this.#keeper;
    if (connection === undefined) return this.#withoutConnection();
    if (isWanted && !connection.hasIdentity) return this.#refuse('not_provisioned');
    connection.wantTunnel(isWanted);
    return { ok: true, value: this.status() };
  }

  #wantedAddress({
    server_url: url,
    enable_tls: tls,
  }: SaasConfigUpdate): ControlOutcome<CloudAddress | undefined> {
    const present = this.#keeper.cloud;
    if (url === undefined && tls === undefined) return { ok: true, value: undefined };
    const text = url ?? (present === undefined ? '' : `${present.authority}${present.basePath}`);
    const reading = readCloudAddress(text, tls);
    if (!reading.ok) {
      const detail = `server_url ${reading.problem}. ${reading.nextStep}`;
      const field = url === undefined ? 'enable_tls' : 'server_url';
      return this.#refuse('request_malformed', detail, [{ field, message: reading.problem }]);
    }
    return { ok: true, value: reading.address.url === present?.url ? undefined : reading.address };
  }

  /** What was shown masked comes back masked when a form is sent as it was filled in; that changes nothing. */
  #wantedCredentials(
    update: SaasConfigUpdate,
  ): ControlOutcome<{ readonly deviceId: string; readonly apiKey: string } | undefined> {
    const { stored } = this.#keeper;
    const apiKey = update.api_key === undefined || isMasked(update.api_key) ? '' : update.api_key.trim();
    const deviceId = update.device_id?.trim() ?? '';
    const isNewDevice = deviceId !== '' && deviceId !== stored.deviceId;
    if (apiKey === '') {
      if (!isNewDevice) return { ok: true, value: undefined };
      return this.#refuse('request_malformed', 'A device id is changed only together with its API key.', [
        { field: 'api_key', message: 'is required with another device_id' },
      ]);
    }
    const id = deviceId === '' ? stored.deviceId : deviceId;
    if (id === null) {
      return this.#refuse('request_malformed', 'An API key needs the device id that it was issued with.', [
        { field: 'device_id', message: 'is required' },
      ]);
    }
    return { ok: true, value: { deviceId: id, apiKey } };
  }

  async #changeSettings(
    isEnabled: boolean | undefined,
    cloud: CloudAddress | undefined,
  ): Promise<ControlOutcome<undefined>> {
    if (isEnabled === undefined && cloud === undefined) return { ok: true, value: undefined };
    try {
      await this.#deps.settings.change(this.#keeper.config, {
        ...(isEnabled === undefined ? {} : { isEnabled }),
        ...(cloud === undefined ? {} : { cloud }),
      });
    } catch (error) {
      const errno = fileErrorCode(error);
      if (errno === undefined) throw error;
      return this.#refuse('unavailable', `The change cannot be stored in the state folder (${errno}).`);
    }
    await this.#keeper.reconnect();
    return { ok: true, value: undefined };
  }

  #withoutConnection(): { readonly ok: false; readonly problem: HttpProblem } {
    const { view } = this.#keeper;
    if (view === undefined) return this.#refuse('saas_disabled');
    return { ok: false, problem: this.#asHttp(view.problem) };
  }

  #declined(reply: ProvisionReply): { readonly ok: false; readonly problem: HttpProblem } {
    switch (reply.kind) {
      case 'refused':
        return { ok: false, problem: reply.problem };
      case 'declined':
        return this.#refuse(reply.code);
      case 'failed':
        return { ok: false, problem: this.#asHttp(reply.problem, reply.goesOn) };
      case 'redeemed':
      case 'stored':
        throw new Error('what was done was not declined');
    }
  }

  #refuse(
    code: ErrorCode,
    detail?: string,
    errors?: { field: string; message: string }[],
  ): { readonly ok: false; readonly problem: HttpProblem } {
    return { ok: false, problem: problemFor(code, this.#requestId(), detail, errors) };
  }

  /** The local API finds a status for codes that have none of their own. */
  #asHttp(problem: Problem | undefined, goesOn = false): HttpProblem {
    const { code, message, nextStep } = problem ?? problemOf('unavailable');
    const known = isErrorCode(code) ? code : 'unavailable';
    const made = problemFor(known, this.#requestId(), `${message}${goesOn ? goesOnText : ''}`);
    return { ...made, code, next_step: nextStep };
  }

  #requestId(): string {
    return makeId('request', (length) => this.#deps.random.bytes(length));
  }
}

const goesOnText = ' The device keeps trying by itself; GET /api/v1/saas/status shows how it goes.';
