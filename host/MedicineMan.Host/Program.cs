using MedicineMan.Host.Cli;

// One binary is the web server and the command line: without a command it serves.
return await CommandLine.Run(args);
