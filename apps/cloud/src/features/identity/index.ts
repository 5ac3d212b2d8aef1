export { Identity, type Operator, operatorOf } from './service.ts';
export { operatorNames } from './names.ts';
