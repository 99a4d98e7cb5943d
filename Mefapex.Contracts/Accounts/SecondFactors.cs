namespace Mefapex.Contracts.Accounts;

/// <summary>Whether signing in takes a code, and how many recovery codes are left.</summary>
public sealed record SecondFactorState(bool Enabled, DateTimeOffset? ConfirmedAt, int RecoveryCodesLeft);

/// <summary>Body of <c>POST /api/v1/account/second-factor</c>.</summary>
public sealed record SecondFactorStart(string? Password);

/// <summary>What an authenticator app needs; <c>Uri</c> is for a QR code, <c>Secret</c> for typing. Told once.</summary>
public sealed record SecondFactorSecret(string Secret, string Uri);

/// <summary>Body of <c>POST /api/v1/account/second-factor/confirm</c>.</summary>
public sealed record SecondFactorConfirmation(string? Code);

/// <summary>Body of what needs the password and a code of the app or a recovery code.</summary>
public sealed record SecondFactorProof(string? Password, string? Code);

/// <summary>Codes that sign in once each where the app is lost. Told once.</summary>
public sealed record RecoveryCodeList(IReadOnlyList<string> RecoveryCodes);
