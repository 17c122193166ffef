"""How accounts fail."""

from matinee.kernel.errors import Conflict, Invalid, NotFound, NotSignedIn, Refused, TooMany, Unavailable


class WrongCredentials(NotSignedIn):
    code = "accounts.wrong_credentials"
    sentence = "The name or the password is not right."


class WrongPassword(Invalid):
    code = "accounts.wrong_password"
    sentence = "This is not your present password."


class Suspended(Refused):
    """`reason` and `until` as in `Limited`."""

    code = "accounts.suspended"
    sentence = "This account is suspended. Write to the operator of this house."
    told = ("permission", "reason", "until")


class Limited(Refused):
    """`reason` is what the person is told, `until` when it ends by itself."""

    code = "accounts.limited"
    sentence = "Your account is limited: you may look around and keep your account, and change nothing else."
    told = ("permission", "reason", "until")


class Looking(Refused):
    code = "accounts.looking"
    sentence = (
        "You look through somebody's eyes: you see what they see and change nothing, and what keeps their account safe"
        " stays closed. Stop looking first."
    )


class NotYourself(Conflict):
    code = "accounts.not_yourself"
    sentence = "This is your own account. What you may do with it is in your Settings."


class FirstPasswordOver(Refused):
    code = "accounts.first_password_over"
    sentence = (
        "This password was made up for you, and its days are over. Use “Forgot your password?”, or ask the operator for"
        " a link. On the machine of the house, “matinee account password NAME” makes another."
    )


class SlowDown(TooMany):
    code = "accounts.slow_down"
    sentence = "Too many tries. Wait a few minutes and try again."


class EmailTaken(Conflict):
    code = "accounts.email_taken"
    sentence = "An account with this email exists already. Sign in instead."


class LoginNameTaken(Conflict):
    code = "accounts.login_name_taken"
    sentence = "Somebody signs in with this name already. Choose another."


class WeakPassword(Invalid):
    code = "accounts.weak_password"
    sentence = "Choose a password that is harder to guess."


class LeakedPassword(Invalid):
    code = "accounts.leaked_password"
    sentence = "This password stands on lists of stolen ones, which thieves try first. Choose another."


class BadEmail(Invalid):
    code = "accounts.bad_email"
    sentence = "This is not an email address."


class NoLetters(Conflict):
    code = "accounts.no_letters"
    sentence = "This house sends no letters. Ask its operator for a link."


class NoAddressYet(Conflict):
    code = "accounts.no_address_yet"
    sentence = "Name an e-mail address of your own first: the letter goes there."


class LetterFirst(Invalid):
    code = "accounts.letter_first"
    sentence = "This house writes to your address first. Ask for that letter and follow its link."


class LinkOver(NotFound):
    code = "accounts.link_over"
    sentence = "This link was used already, or its time is over. Ask for another one."


class LastOwner(Conflict):
    code = "accounts.last_owner"
    sentence = "This is the only owner of the house. Make somebody else one first."


class TooManyTokens(Conflict):
    code = "accounts.too_many_tokens"
    sentence = "You hold as many tokens as an account may. Revoke one first."


class TokenTooLong(Invalid):
    code = "accounts.token_too_long"
    sentence = "This house lets no token live that long."


class NoSuchAccount(NotFound):
    code = "accounts.not_found"
    sentence = "There is no such account."


class NoSuchToken(NotFound):
    code = "accounts.token_not_found"
    sentence = "There is no such token."


class DeviceUnknown(NotFound):
    code = "accounts.device_unknown"
    sentence = "This code is unknown or has expired. Start again on the device."


class DevicePending(Conflict):
    code = "accounts.device_pending"
    sentence = "Nobody has approved this device yet."


class DeviceDenied(Conflict):
    code = "accounts.device_denied"
    sentence = "This device was turned away."


class DeviceDecided(Conflict):
    code = "accounts.device_decided"
    sentence = "This device was decided on already."


class BrowserOnly(Refused):
    code = "accounts.browser_only"
    sentence = "This is done in a browser where you are signed in; a token cannot."


class NoSuchSession(NotFound):
    code = "accounts.session_not_found"
    sentence = "There is no such session; perhaps it has ended already."


class ProveAgain(Refused):
    code = "accounts.prove_again"
    sentence = (
        "Prove once more that it is you: this needs a password or a second factor of the last ten minutes."
    )


class FactorDue(Refused):
    code = "accounts.factor_due"
    sentence = (
        "The operator asks for a second factor of your role. Set one up in Settings; then you can go on."
    )

    @classmethod
    def of_program(cls, address: str) -> "FactorDue":
        """As a program shows it, which has no Settings beside it. `address` is that of the house."""
        return cls(
            "The operator asks for a second factor of your role, and programs of yours wait for it. Sign in at"
            f" {address}/settings with a browser and set one up; then this goes on."
        )


class FactorNeeded(Refused):
    code = "accounts.factor_needed"
    sentence = "This account has a second factor. Send a code of it too, or sign in with “matinee login”."


class TicketOver(Conflict):
    code = "accounts.ticket_over"
    sentence = "This sign-in took too long or had too many tries. Start again."


class ChallengeOver(Conflict):
    code = "accounts.challenge_over"
    sentence = "This took too long. Try again."


class WrongCode(Invalid):
    code = "accounts.wrong_code"
    sentence = "This code is not right, or was used already. Wait for the next one."


class PasskeyRefused(Invalid):
    code = "accounts.passkey_refused"
    sentence = "This passkey was not taken. Try again, or use another way."


class PasskeyKnown(Conflict):
    code = "accounts.passkey_known"
    sentence = "This passkey is in use already."


class TooManyPasskeys(Conflict):
    code = "accounts.too_many_passkeys"
    sentence = "You hold as many passkeys as an account may. Remove one first."


class NoPasskeysHere(Conflict):
    code = "accounts.no_passkeys_here"
    sentence = "Passkeys need an address with a name and https. Ask the operator of this house."


class LastFactor(Conflict):
    code = "accounts.last_factor"
    sentence = "The operator asks for a second factor of your role. Add another one before you remove this."


class NoSuchFactor(NotFound):
    code = "accounts.factor_not_found"
    sentence = "There is no such factor; perhaps it was removed already."


class FactorSealed(Unavailable):
    code = "accounts.factor_sealed"
    sentence = (
        "This house cannot check codes of your app at the moment. Use a passkey or a recovery code, and tell its"
        " operator: all machines need the same MATINEE_SECRET."
    )


class ServiceAccount(Conflict):
    code = "accounts.service_account"
    sentence = (
        "This account is a service's: it has no address, no password and no second factor, only tokens."
    )


class NotAService(Conflict):
    code = "accounts.not_a_service"
    sentence = "This account is a person's. People make their tokens themselves, in Settings."


class HandleDiffers(Invalid):
    code = "accounts.handle_differs"
    sentence = "This is not the handle of the account. Write it as it is shown."


class NotLeaving(Conflict):
    code = "accounts.not_leaving"
    sentence = "This account is not leaving, or is being erased already."
