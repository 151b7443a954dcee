return Curia.Host.CuriaHost.Run(args, Logging.LoggingApp.Endpoints);
