import { isIP } from 'node:net';
import {
  AltName,
  type Certificate,
  type GeneralName,
  type GeneralSubtree,
  id_NameConstraints,
  id_SubjectAltName,
  NameConstraints,
  RelativeDistinguishedNames,
} from 'pkijs';

/** RFC 5280, section 4.2.1.10. What is not understood counts against the path. */

/** The kinds of GeneralName (RFC 5280, section 4.2.1.6) that constraints are compared for. */
const dnsKind = 2;
const directoryKind = 4;
const addressKind = 7;

interface Name {
  readonly kind: number;
  readonly value: unknown;
}

/**
 * Holds every name of every certificate against the constraints of every authority above it, the anchor included, and
 * the host that is wanted as well, so that a wildcard cannot stand for a name that is excluded.
 *
 * @param path leaf first, anchor last.
 * @returns what is broken, to go on after "because"; undefined when nothing is.
 */
export function constraintBroken(path: readonly Certificate[], host: string): string | undefined {
  // Addresses have no wildcards: the one that is wanted is among the names of the leaf, or the leaf is not its.
  const wanted: readonly Name[] = isIP(host) === 0 ? [{ kind: dnsKind, value: host }] : [];
  for (const [at, authority] of path.entries()) {
    const found = authority.extensions?.find(({ extnID }) => extnID === id_NameConstraints);
    if (found === undefined || at === 0) continue;
    const constraints: unknown = found.parsedValue;
    if (!(constraints instanceof NameConstraints)) return 'name constraints in it cannot be read';
    const below = path.slice(0, at).flatMap((certificate) => namesOf(certificate));
    for (const name of [...below, ...wanted]) {
      if (!isAllowed(name, constraints))
        return 'an authority in it may not vouch for this name (name constraints)';
    }
  }
  return undefined;
}

function isAllowed(name: Name, { permittedSubtrees = [], excludedSubtrees = [] }: NameConstraints): boolean {
  const sameKind = ({ base }: GeneralSubtree): boolean => base.type === name.kind;
  const permitted = permittedSubtrees.filter(sameKind);
  const excluded = excludedSubtrees.filter(sameKind);
  if (permitted.length === 0 && excluded.length === 0) return true;
  // What cannot be compared must not pass for something that is not excluded.
  if (!isReadable(name.kind, name.value) || ![...permitted, ...excluded].every(isComparable)) return false;
  const isWithin = ({ base }: GeneralSubtree): boolean => matches(name.value, base);
  return (permitted.length === 0 || permitted.some(isWithin)) && !excluded.some(isWithin);
}

/** The profile knows no minimum and no maximum. */
function isComparable({ base, minimum, maximum }: GeneralSubtree): boolean {
  return minimum === 0 && maximum === undefined && isReadable(base.type, base.value);
}

function isReadable(kind: number, value: unknown): boolean {
  if (kind === dnsKind) return typeof value === 'string';
  if (kind === directoryKind) return value instanceof RelativeDistinguishedNames;
  // An address, or a network, which is an address and a mask.
  return kind === addressKind && [4, 16, 8, 32].includes(bytesOf(value).length);
}

function matches(value: unknown, base: GeneralName): boolean {
  const limit: unknown = base.value;
  if (base.type === dnsKind) {
    return typeof value === 'string' && typeof limit === 'string' && isInDomain(value, limit);
  }
  if (base.type === addressKind) return isInNetwork(bytesOf(value), bytesOf(limit));
  return (
    value instanceof RelativeDistinguishedNames &&
    limit instanceof RelativeDistinguishedNames &&
    isInDirectory(value, limit)
  );
}

/** A domain stands for itself and all below it; with a leading dot, as some write it, for those below it alone. */
function isInDomain(name: string, domain: string): boolean {
  const [inner, outer] = [name.toLowerCase(), domain.toLowerCase()];
  if (outer === '') return true;
  return outer.startsWith('.') ? inner.endsWith(outer) : inner === outer || inner.endsWith(`.${outer}`);
}

/** @param network an address and a mask of the same length. */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const size = address.length;
  if ((size !== 4 && size !== 16) || network.length !== size * 2) return false;
  return address.every((byte, at) => ((byte ^ (network[at] ?? 0)) & (network[size + at] ?? 0)) === 0);
}

function isInDirectory(name: RelativeDistinguishedNames, above: RelativeDistinguishedNames): boolean {
  return above.typesAndValues.every(
    (wantedPart, at) => name.typesAndValues[at]?.isEqual(wantedPart) === true,
  );
}

/** Its subject and every alternative name. */
function namesOf(certificate: Certificate): Name[] {
  const { subject, extensions } = certificate;
  const names: Name[] = subject.typesAndValues.length === 0 ? [] : [{ kind: directoryKind, value: subject }];
  const alternative: unknown = extensions?.find(({ extnID }) => extnID === id_SubjectAltName)?.parsedValue;
  if (!(alternative instanceof AltName)) return names;
  return [...names, ...alternative.altNames.map(({ type, value }): Name => ({ kind: type, value }))];
}

/** Of an OCTET STRING as the library gives it. Nothing for anything else, which no network contains. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'object' || value === null || !('valueBlock' in value)) return new Uint8Array();
  const block = value.valueBlock;
  if (typeof block !== 'object' || block === null || !('valueHexView' in block)) return new Uint8Array();
  return block.valueHexView instanceof Uint8Array ? block.valueHexView : new Uint8Array();
}
