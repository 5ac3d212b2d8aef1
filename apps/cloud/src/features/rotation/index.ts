export type { RotationTunnel } from './offers.ts';
export { rotationRoutes } from './routes.ts';
export { Rotation } from './service.ts';
export { requestRotations } from './request-many.ts';
