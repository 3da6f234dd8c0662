/** Short names for what docs/openapi.yaml describes. */
import type { components, operations } from './schema';

type Schemas = components['schemas'];

export type Image = Schemas['Image'];
export type EncodingStatus = Schemas['EncodingStatus'];
export type Project = Schemas['Project'];
export type Model = Schemas['Model'];
export type InferBody = Schemas['InferBody'];
export type InferAnswer = Schemas['InferAnswer'];

type JsonOf<T> = T extends { content: { 'application/json': infer Body } } ? Body : never;
/** The JSON of an operation's answer with this status. */
export type Answer<
  Operation extends keyof operations,
  Status extends keyof operations[Operation]['responses'],
> = JsonOf<operations[Operation]['responses'][Status]>;

export type UploadedImage = Answer<'uploadImage', 201>;
export type ImagePage = Answer<'listImages', 200>;
export type ListQuery = NonNullable<operations['listImages']['parameters']['query']>;
export type EncodingQuery = NonNullable<operations['getEncoding']['parameters']['query']>;
export type ModelPartQuery = NonNullable<operations['modelPart']['parameters']['query']>;
