namespace Throughline.Engine.Profiles.Decode;

/// <summary>A profile is over a limit that is found while it is read; the message is for the sender.</summary>
internal sealed class ProfileTooLargeException(string message) : Exception(message);
