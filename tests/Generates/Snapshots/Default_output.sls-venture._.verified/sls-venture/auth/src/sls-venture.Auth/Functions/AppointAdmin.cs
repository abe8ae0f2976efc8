using Amazon.Lambda.Core;
using sls_venture.Auth.Users;
using Serverless;

namespace sls_venture.Auth.Functions;

/// <summary>
/// Makes a user the admin of a team, whether they are in it or not: for an operator who invokes it with AWS credentials, when nobody is
/// left who can administer the team. No route leads here. README.md, "Operate it", has the command.
/// </summary>
internal static class AppointAdmin
{
    /// <summary>Answers with what was asked for, once it is done.</summary>
    /// <exception cref="ProblemException">400: the team or the user is missing. 404: there is none.</exception>
    public static async Task<Appointment> Handle(Appointment appointment, ILambdaContext context, UsersTable users)
    {
        if (appointment is not { Team.Length: > 0 and <= 128, Sub.Length: > 0 and <= Caller.MaxSubLength })
            throw new ProblemException(400, "invalid_appointment", "The event must be {\"team\": \"<id>\", \"sub\": \"<the user's>\"}.");
        await users.JoinAsync(appointment.Team, appointment.Sub, Role.Admin, [], CancellationToken.None);
        context.Logger.LogInformation("The user {Subject} is an admin of the team {Team}", appointment.Sub, appointment.Team);
        return appointment;
    }
}

/// <summary>The event and the answer: a user who is made the admin of a team.</summary>
internal sealed record Appointment(string Team, string Sub);
