export { Identity, type Operator, operatorOf } from './service.ts';
