/** The way to the cloud. What the rest of the agent may import from here. */
export { type CloudAddress, isLoopbackHost, readCloudAddress } from './address.ts';
export { looksLikeTheCloud, notTheCloud } from './answers.ts';
export { createCloudTransport, type ProbingTransport } from './cloud-transport.ts';
export { type ConnectPhase, type Resolve, systemResolve } from './dial.ts';
export type { ClockState, CloudTimeSample, TimeKnowledge } from './plausible-time.ts';
export type { ConnectionProbe } from './probe.ts';
export { type HttpProxy, proxyFor, type ProxySettings, readProxy } from './proxy.ts';
export { type CloudAnswer, type CloudRequest, TransportError } from './transport.ts';
export type { TlsTrust } from './tls-trust.ts';
