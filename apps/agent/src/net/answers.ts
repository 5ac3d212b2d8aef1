import { isErrorCode, problemSchema } from '@edgeflow/contract';
import { foreignText } from '../foreign-text.ts';
import { type CloudAnswer, TransportError } from './transport.ts';

/**
 * Whether an answer is of the cloud's kind: a JSON object under a JSON media type, and a problem document (RFC 9457)
 * where it reports a failure. A captive portal's page, a proxy's error and another program on the same port are not.
 */
export function looksLikeTheCloud(answer: CloudAnswer): boolean {
  const document = readJsonObject(answer);
  return document !== undefined && (answer.status < 400 || problemSchema.safeParse(document).success);
}

/** Why an answer for which {@link looksLikeTheCloud} is false is not to be believed. */
export function notTheCloud(answer: CloudAnswer, host: string): TransportError {
  const { status } = answer;
  if (isGatewayStatus(status)) {
    const message = `A gateway in front of ${host} answered ${String(status)}: it cannot reach the cloud behind it.`;
    return new TransportError('cloud_unreachable', message);
  }
  if (isPortalPage(answer)) {
    const message = `A captive portal or another web server answered for ${host}: a page for people (${String(status)}) where the cloud was asked.`;
    return new TransportError('captive_portal', message);
  }
  const kind = mediaTypeOf(answer);
  const what = kind === '' ? 'without saying what it is' : `with ${kind}`;
  return new TransportError(
    'not_the_cloud',
    `${host} answered ${String(status)} ${what}, not in the form of an EdgeFlow cloud.`,
  );
}

/** What an answer that refused the tunnel's upgrade means; the cloud's own words are passed on. */
export function upgradeRefused(answer: CloudAnswer, host: string): TransportError {
  const problem = problemSchema.safeParse(readJsonObject(answer));
  if (!problem.success || !isErrorCode(problem.data.code)) return notTheCloud(answer, host);
  const { code, title } = problem.data;
  return new TransportError(
    code,
    `${host} refused the tunnel with ${String(answer.status)}: ${foreignText(title, textLengthMax)}.`,
  );
}

/** A redirect is never followed: credentials are sent only to the origin that issued them. */
export function redirected(answer: Pick<CloudAnswer, 'status' | 'headers'>, host: string): TransportError {
  const { location } = answer.headers;
  const target = targetOf(location, host);
  const to =
    target === undefined ? 'an address that cannot be read' : foreignText(target.host, textLengthMax);
  const isElsewhere = target !== undefined && target.hostname !== new URL(`https://${host}`).hostname;
  // A portal sends people away for now; whoever has moved says so for good (RFC 9110, sections 15.4.2 and 15.4.9).
  const isPortal = isElsewhere && answer.status !== 301 && answer.status !== 308;
  const why = isPortal
    ? 'a captive portal is in between, or the cloud is at another address now.'
    : 'EDGEFLOW_SAAS_URL names an old address, or the wrong port.';
  return new TransportError(
    isPortal ? 'captive_portal' : 'not_the_cloud',
    `${host} answered ${String(answer.status)} and points to ${to}. The agent does not follow: ${why}`,
  );
}

function targetOf(location: string | undefined, host: string): URL | undefined {
  const base = `https://${host}`;
  return location !== undefined && URL.canParse(location, base) ? new URL(location, base) : undefined;
}

/** RFC 6585, section 6: the network wants to be signed in to. */
const networkAuthenticationRequired = 511;

/** What a captive portal says in place of whatever was asked. The cloud never answers a device with a page. */
export function isPortalPage(answer: Pick<CloudAnswer, 'status' | 'headers'>): boolean {
  const isPage = /^(?:text\/html|application\/xhtml\+xml)$/.test(mediaTypeOf(answer));
  return answer.status === networkAuthenticationRequired || (answer.status < 300 && isPage);
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function isGatewayStatus(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

function readJsonObject(answer: CloudAnswer): object | undefined {
  if (!/^application\/(?:[\w.-]+\+)?json$/.test(mediaTypeOf(answer))) return undefined;
  try {
    const document: unknown = JSON.parse(answer.body);
    return typeof document === 'object' && document !== null && !Array.isArray(document)
      ? document
      : undefined;
  } catch {
    return undefined;
  }
}

function mediaTypeOf({ headers }: Pick<CloudAnswer, 'headers'>): string {
  return foreignText((headers['content-type'] ?? '').split(';')[0] ?? '', textLengthMax).toLowerCase();
}

const textLengthMax = 200;
