"""How coming in fails."""

from matinee.kernel.errors import Conflict, Invalid, NotFound, Refused


class SignupClosed(Refused):
    code = "admission.closed"
    sentence = "This house takes no new accounts."


class InvitationNeeded(Refused):
    code = "admission.invitation_needed"
    sentence = "This house takes new accounts by invitation. Open the link that somebody gave you."


class InvitationOver(NotFound):
    code = "admission.invitation_over"
    sentence = "This invitation was used up, was taken back, or its time is over. Ask for another one."


class NoSuchInvitation(NotFound):
    code = "admission.invitation_not_found"
    sentence = "There is no such invitation."


class TooManyInvitations(Conflict):
    code = "admission.too_many_invitations"
    sentence = "You hold as many open invitations as you may. Wait until one is used, or take one back."


class NoInvitations(Conflict):
    code = "admission.no_invitations"
    sentence = "In this house the operators alone invite."


class AnswerNeeded(Invalid):
    code = "admission.answer_needed"
    sentence = "Answer the question of the operators first."


class TooManyWaiting(Conflict):
    code = "admission.too_many_waiting"
    sentence = "More people wait to be let in than the operators can look at. Try again in a few days."


class Waits(Refused):
    code = "admission.waits"
    sentence = "Your request is being looked at. Until somebody decides, nothing else is open."


class NoSuchApplication(NotFound):
    code = "admission.application_not_found"
    sentence = "There is no such request; perhaps it was decided already."


class WorkNeeded(Invalid):
    code = "admission.work_needed"
    sentence = "This house asks for a little work of the computer first. Fetch a challenge and solve it."


class WorkOver(Conflict):
    code = "admission.work_over"
    sentence = "This challenge was used already, or its time is over. Fetch another one."


class WorkWrong(Invalid):
    code = "admission.work_wrong"
    sentence = "This challenge is not solved. Fetch another one."


class SettingWins(Conflict):
    code = "admission.setting_wins"
    sentence = "This is set where the house is started, and cannot be changed here."
