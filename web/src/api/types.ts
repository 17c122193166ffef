/** Names for the shapes of the API, all derived from the generated schema. */
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Me = Schemas["Me"];
export type Profile = Schemas["Profile"];
export type Card = Schemas["Card"];
export type Video = Schemas["Video"];
export type VideoPatch = Schemas["VideoPatch"];
export type NewVideo = Schemas["NewVideo"];
export type NewImport = Schemas["NewImport"];
export type Visibility = Card["visibility"];
export type VideoState = Card["state"];
export type Poster = Schemas["Poster"];
export type UploadInfo = Schemas["UploadInfo"];
export type DirectUpload = Schemas["DirectUpload"];
export type DirectStart = Schemas["DirectStart"];
export type FetchInfo = Schemas["FetchInfo"];
export type Storage = Schemas["Usage"];
export type Overview = Schemas["Overview"];
export type StorageReport = Schemas["StorageReport"];
export type Job = Schemas["JobInfo"];
export type Encode = Schemas["AdminEncode"];
export type Theme = Me["theme"];
export type Factors = Schemas["Factors"];
export type FactorKind = Schemas["SecondStep"]["factors"][number];
export type Notice = Schemas["Notice"];
export type SignUp = Schemas["SignUp"];
