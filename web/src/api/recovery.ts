/** Letters with links, what the links do, and how good a password is. */
import { api, done, take } from "./client";

export const askReset = (login: string) => done(api.POST("/api/v1/password-resets", { body: { login } }));
export const resetPassword = (token: string, password: string, end_tokens: boolean) => done(api.POST("/api/v1/password-resets/finish", { body: { token, password, end_tokens } }));
export const changeEmail = (email: string, password: string) => done(api.POST("/api/v1/me/email", { body: { email, password } }));
export const askVerification = () => done(api.POST("/api/v1/me/email/letter"));
export const confirmEmail = (token: string) => done(api.POST("/api/v1/email-confirmations", { body: { token } }));
export const strengthOf = (password: string, words: string[], signal: AbortSignal) => take(api.POST("/api/v1/password-strength", { body: { password, words }, signal }));
