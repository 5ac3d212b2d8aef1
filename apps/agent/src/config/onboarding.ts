import {
  displayCode,
  parseProvisioningCode,
  parseProvisioningLink,
  type ProvisioningLink,
} from '@edgeflow/contract';
import { type CloudAddress, readCloudAddress } from '../net/index.ts';
import { type ConfigContext, isGiven, pathOf, reportTwice } from './context.ts';
import type { SettingProblem } from './problem.ts';
import type { SettingName } from './schema.ts';
import { readLineFile } from './setting-files.ts';

/**
 * The provisioning code among the settings. One that cannot be used does not stop the agent: a device that has its
 * identity needs no code, and must not go offline because an old one was edited or its file removed.
 */
export type CodeSetting =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'given';
      /** `PROV-XXXX-XXXX`. */
      readonly code: string;
      readonly setting: SettingName;
    }
  | { readonly kind: 'unusable'; readonly problem: SettingProblem };

/** Which cloud, whom to trust there, and by which code. */
export interface Onboarding {
  /** undefined: no setting names a cloud; a stored identity may. */
  readonly cloud: CloudAddress | undefined;
  readonly pins: readonly string[];
  readonly code: CodeSetting;
}

const linkName = 'EDGEFLOW_PROVISIONING_LINK';

/** From single settings, from a link, or from both where they agree. */
export async function readOnboarding(context: ConfigContext): Promise<Onboarding> {
  const reading = readLink(context.settings[linkName]);
  const link = reading?.kind === 'link' ? reading.link : undefined;
  const cloud = chooseCloud(context, link?.cloudUrl);
  if (reading?.kind === 'unusable') requireOtherPins(context, reading.problem);
  const code = await chooseCode(context, reading);
  const hasNoCloud = cloud === undefined && !isGiven(context, 'EDGEFLOW_SAAS_URL');
  return {
    cloud,
    pins: choosePins(context, link?.pins ?? []),
    code: code.kind === 'given' && hasNoCloud ? withoutCloud(code.setting) : code,
  };
}

function chooseCloud(context: ConfigContext, linkUrl: string | undefined): CloudAddress | undefined {
  const cloud = addressFrom(context, 'EDGEFLOW_SAAS_URL', context.settings.EDGEFLOW_SAAS_URL);
  const linkCloud = addressFrom(context, linkName, linkUrl);
  if (cloud !== undefined && linkCloud !== undefined && cloud.url !== linkCloud.url) {
    disagree(context, 'EDGEFLOW_SAAS_URL', `names ${cloud.url}`, `names ${linkCloud.url}`);
  }
  return cloud ?? linkCloud;
}

function choosePins(context: ConfigContext, linkPins: readonly string[]): readonly string[] {
  const own = context.settings.EDGEFLOW_SAAS_TLS_PIN;
  if (own === undefined) return linkPins;
  if (!linkPins.every((pin) => own.includes(pin))) {
    disagree(context, 'EDGEFLOW_SAAS_TLS_PIN', 'lacks a pin', 'holds it');
  }
  return own;
}

/**
 * A link says whom to trust, too. Beside an address, one that cannot be read would leave the public roots in place of
 * its pins, in silence: no code and no key goes out like that.
 */
function requireOtherPins(context: ConfigContext, { setting, message, nextStep }: SettingProblem): void {
  if (!isGiven(context, 'EDGEFLOW_SAAS_URL') || isGiven(context, 'EDGEFLOW_SAAS_TLS_PIN')) return;
  context.problems.push({
    setting,
    message: `${message} It may say whom to trust at EDGEFLOW_SAAS_URL.`,
    nextStep: `${nextStep} Or remove it, and set EDGEFLOW_SAAS_TLS_PIN if the cloud has pins.`,
  });
}

type LinkReading =
  | { readonly kind: 'link'; readonly link: ProvisioningLink }
  | { readonly kind: 'unusable'; readonly problem: SettingProblem };

function readLink(text: string | undefined): LinkReading | undefined {
  if (text === undefined) return undefined;
  const reading = parseProvisioningLink(text);
  if (reading.ok) return { kind: 'link', link: reading.link };
  const message = `${linkName} cannot be read: ${reading.problem}.`;
  return { kind: 'unusable', problem: { setting: linkName, message, nextStep: reading.nextStep } };
}

function addressFrom(
  context: ConfigContext,
  setting: SettingName,
  text: string | undefined,
): CloudAddress | undefined {
  if (text === undefined) return undefined;
  const reading = readCloudAddress(text, context.settings.EDGEFLOW_SAAS_TLS);
  if (reading.ok) return reading.address;
  const { problem, nextStep } = reading;
  context.problems.push({ setting, message: `${setting} ${problem}.`, nextStep });
  return undefined;
}

async function chooseCode(context: ConfigContext, link: LinkReading | undefined): Promise<CodeSetting> {
  const own = await readOwnCode(context);
  if (link === undefined) return own;
  if (link.kind === 'unusable') {
    if (own.kind !== 'given') return link;
    context.warnings.push(link.problem);
    return own;
  }
  if (own.kind === 'given' && own.code !== link.link.code) {
    disagree(context, own.setting, 'holds one code', 'holds another');
  }
  return { kind: 'given', code: link.link.code, setting: linkName };
}

/** `EDGEFLOW_PROVISIONING_CODE` or its file. */
async function readOwnCode(context: ConfigContext): Promise<CodeSetting> {
  const inline = context.settings.EDGEFLOW_PROVISIONING_CODE;
  const path = pathOf(context, 'EDGEFLOW_PROVISIONING_CODE_FILE');
  if (inline !== undefined) {
    if (path !== undefined) {
      reportTwice(context, 'EDGEFLOW_PROVISIONING_CODE', 'EDGEFLOW_PROVISIONING_CODE_FILE');
    }
    return readCode('EDGEFLOW_PROVISIONING_CODE', inline);
  }
  if (path === undefined) return { kind: 'none' };
  const reading = await readLineFile(context.files, 'EDGEFLOW_PROVISIONING_CODE_FILE', path);
  if (!reading.ok) return { kind: 'unusable', problem: reading.problem };
  return readCode('EDGEFLOW_PROVISIONING_CODE_FILE', reading.value);
}

function readCode(setting: SettingName, text: string): CodeSetting {
  const symbols = parseProvisioningCode(text);
  if (symbols !== undefined) return { kind: 'given', code: displayCode(symbols), setting };
  const message = `${setting} does not hold a provisioning code.`;
  const nextStep =
    'A code looks like PROV-XXXX-XXXX. Compare it with the dashboard, character by character, or make a new one.';
  return { kind: 'unusable', problem: { setting, message, nextStep } };
}

function withoutCloud(setting: SettingName): CodeSetting {
  const message = `${setting} is set, but nothing says which cloud the code is for.`;
  const nextStep = `Set EDGEFLOW_SAAS_URL, or the whole link as ${linkName}.`;
  return { kind: 'unusable', problem: { setting: 'EDGEFLOW_SAAS_URL', message, nextStep } };
}

function disagree(context: ConfigContext, setting: SettingName, ours: string, theirs: string): void {
  context.problems.push({
    setting,
    message: `${setting} and ${linkName} contradict each other: the first ${ours}, the second ${theirs}.`,
    nextStep: 'Keep the one that is right and remove the other.',
  });
}
