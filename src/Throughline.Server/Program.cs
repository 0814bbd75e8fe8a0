using Throughline.Engine.Files;
using Throughline.Server.Configuration;
using Throughline.Server.Hosting;

return await new ServerCommandLine(RunAsync, new InspectionCommands(new DiskFileSystem()).Commands()).InvokeAsync(args, Console.Out, Console.Error);

static async Task<int> RunAsync(ServerOptions options, CancellationToken cancellationToken)
{
    if (options.Insecure && options.Token is null && !options.Ports.All(static port => port.Address.IsLoopback))
        Console.Error.WriteLine("warning: --insecure: everyone who reaches this machine's ports may read and write all traces");
    try
    {
        await using var host = await ServerHost.StartAsync(options, new DiskFileSystem(), TimeProvider.System, Console.Error, cancellationToken);
        Console.Out.WriteLine(host.Addresses.ToString());
        await host.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
    catch (StartupException error)
    {
        Console.Error.WriteLine($"throughline: {error.Message}");
        return 1;
    }
    catch (OperationCanceledException)
    {
        // Asked to end (SIGINT, SIGTERM) before the start was over.
        return 0;
    }
}
