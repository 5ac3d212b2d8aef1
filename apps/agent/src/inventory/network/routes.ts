import type { RootedFiles } from '../rooted-files.ts';
import { isInterfaceName } from './interface-names.ts';

/** A route to everywhere else. */
export interface DefaultRoute {
  readonly interfaceName: string;
  /** The kernel prefers the lowest. */
  readonly metric: number;
}

// linux/route.h
const routeIsUp = 0x0001;
const routeRejects = 0x0200;

/**
 * Default routes of the main tables, IPv4 before IPv6, each in the kernel's order of preference.
 *
 * A gateway is not asked for: point-to-point links (modems, PPP) have default routes without one.
 */
export async function readDefaultRoutes(files: RootedFiles): Promise<readonly DefaultRoute[]> {
  const [v4, v6] = await Promise.all([files.text('/proc/net/route'), files.text('/proc/net/ipv6_route')]);
  return [
    ...preferred((v4 ?? '').split('\n').map(parseV4)),
    ...preferred((v6 ?? '').split('\n').map(parseV6)),
  ];
}

/** Of equal metrics the one listed first, as in the kernel: sort() is stable. */
function preferred(routes: readonly (DefaultRoute | undefined)[]): DefaultRoute[] {
  return routes.filter((route) => route !== undefined).sort((left, right) => left.metric - right.metric);
}

/**
 * `Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT`; addresses are hexadecimal in host
 * byte order, the metric is decimal (net/ipv4/fib_trie.c, fib_route_seq_show).
 */
function parseV4(line: string): DefaultRoute | undefined {
  const [interfaceName, destination, , flags, , , metric, mask] = line.trim().split(/\s+/);
  if (destination !== '00000000' || mask !== '00000000') return undefined;
  return defaultRoute(interfaceName, flags, Number(metric));
}

/**
 * `destination length source length nextHop metric references uses flags interface`, numbers hexadecimal
 * (net/ipv6/route.c, rt6_info_route).
 */
function parseV6(line: string): DefaultRoute | undefined {
  const [destination, length, , sourceLength, , metric, , , flags, interfaceName] = line.trim().split(/\s+/);
  if (!/^0{32}$/.test(destination ?? '') || length !== '00' || sourceLength !== '00') return undefined;
  return defaultRoute(interfaceName, flags, Number.parseInt(metric ?? '', 16));
}

function defaultRoute(
  interfaceName: string | undefined,
  flagsText: string | undefined,
  metric: number,
): DefaultRoute | undefined {
  if (interfaceName === undefined || !isInterfaceName(interfaceName) || interfaceName === 'lo')
    return undefined;
  const flags = Number.parseInt(flagsText ?? '', 16);
  if (!Number.isSafeInteger(metric) || (flags & routeIsUp) === 0 || (flags & routeRejects) !== 0)
    return undefined;
  return { interfaceName, metric };
}
