namespace Throughline.Server.Hosting;

/// <summary>A server that cannot start; the message is one line for the operator: what happened, to what, what to do.</summary>
public sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
